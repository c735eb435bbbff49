// A store in memory behind the line protocol of docs/harness-protocol.md: an example to copy.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

type values map[string]any
type failure struct{ name, message string } // an error of the taxonomy, thrown as a panic

type request struct {
	ID, Client int
	Op         string
	Args       struct {
		Path, Src, Dst, Work_dir string
		Size                     int
	}
	Pairs  values
	Length int    // of the bytes that answer a read
	Failed string // why there are none
}

var (
	in         = bufio.NewReader(os.Stdin)
	objects    = map[string][]byte{}
	clients    []string               // their work_dirs
	operations = map[string][]string{ // with their optional arguments
		"write": {}, "read": {"offset", "size"}, "stat": {}, "delete": {}, "list": {}, "copy": {},
	}
)

func say(line values) { _ = json.NewEncoder(os.Stdout).Encode(line) }

func hear() (r request) {
	line, err := in.ReadBytes('\n')
	if err != nil { // nobody asks any more
		os.Exit(0)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		panic(err)
	}
	return r
}

// body asks for the bytes of a write until there are as many as were promised.
func body(id, size int) (data []byte) {
	for len(data) < size {
		say(values{"id": id, "read": size - len(data)})
		answer := hear()
		if answer.Length == 0 {
			panic(failure{"Unexpected", "the reader ended early: " + answer.Failed})
		}
		data = append(data, make([]byte, answer.Length)...)
		_, _ = io.ReadFull(in, data[len(data)-answer.Length:])
	}
	return data
}

func found(key string) []byte {
	data, there := objects[key]
	if !there {
		panic(failure{"ObjectNotExist", ""})
	}
	return data
}

func number(given any, otherwise int) int {
	if n, is := given.(float64); is {
		return int(n)
	}
	return otherwise
}

func described(work, path string, data []byte) values {
	return values{"path": path, "id": work + path, "mode": []string{"read"}, "content_length": len(data)}
}

func answer(r request) values {
	if r.Op == "open" {
		clients = append(clients, r.Args.Work_dir)
		return values{"client": len(clients) - 1}
	}
	for name := range r.Pairs {
		if !slices.Contains(operations[r.Op], name) {
			panic(failure{"PairUnsupported", name})
		}
	}
	work := clients[r.Client]
	key := work + r.Args.Path
	switch r.Op {
	case "write":
		if r.Args.Size < 0 {
			panic(failure{"RestrictionDissatisfied", "a negative size"})
		}
		objects[key] = body(r.ID, r.Args.Size)
		return values{"n": r.Args.Size}
	case "read":
		data, offset, size := found(key), number(r.Pairs["offset"], 0), number(r.Pairs["size"], 1<<62)
		if offset < 0 || size < 0 {
			panic(failure{"Unexpected", "a negative range"})
		}
		data = data[min(offset, len(data)):]
		for piece := range slices.Chunk(data[:min(size, len(data))], 1<<20) {
			say(values{"id": r.ID, "data": len(piece)})
			_, _ = os.Stdout.Write(piece)
		}
		return values{"n": min(size, len(data))}
	case "stat":
		return values{"o": described(work, r.Args.Path, found(key))}
	case "delete":
		delete(objects, key)
	case "copy":
		objects[work+r.Args.Dst] = found(work + r.Args.Src)
	case "list": // every object of the prefix
		for _, key := range slices.Sorted(maps.Keys(objects)) {
			if path, below := strings.CutPrefix(key, work); below && strings.HasPrefix(path, r.Args.Path) {
				say(values{"id": r.ID, "item": described(work, path, objects[key])})
			}
		}
	}
	return values{}
}

func serve(r request) {
	defer func() {
		switch f := recover().(type) {
		case nil:
		case failure:
			say(values{"id": r.ID, "error": values{"name": f.name, "message": f.message}})
		default:
			panic(f)
		}
	}()
	say(values{"id": r.ID, "result": answer(r)})
}

func main() {
	say(values{
		"protocol": 1, "name": "the example in Go", "operations": operations,
		"features": values{"directories": "none", "etag": false, "name_maximum": nil, "path_maximum": nil},
	})
	for {
		serve(hear())
	}
}
