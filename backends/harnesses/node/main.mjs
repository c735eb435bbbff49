// A store in memory behind the line protocol of docs/harness-protocol.md: an example to copy.
import { createHash } from 'node:crypto'

const operations = {
  write: ['content_type'], read: ['offset', 'size'], stat: [], delete: [], list: [], copy: [], move: [],
}
const objects = new Map() // {data, type} by key
const workDirs = []

// Waits for more input, until nobody asks any more.
const input = process.stdin[Symbol.asyncIterator]()
let buffer = Buffer.alloc(0)
async function more() {
  const { value, done } = await input.next()
  if (done) process.exit(0)
  buffer = Buffer.concat([buffer, value])
}
async function bytes(count) {
  while (buffer.length < count) await more()
  const taken = buffer.subarray(0, count)
  buffer = buffer.subarray(count)
  return taken
}
async function hear() {
  while (!buffer.includes(10)) await more()
  return JSON.parse(await bytes(buffer.indexOf(10) + 1))
}
function say(line, body = '') {
  process.stdout.write(JSON.stringify(line) + '\n')
  if (body.length) process.stdout.write(body)
}

class Failure extends Error {
  constructor(name, message = '', pairs = []) {
    super(message)
    this.told = { name, message, pairs }
  }
}

// Asks for the bytes of a write until there are as many as were promised.
async function body(id, size) {
  const pieces = []
  for (let left = size; left > 0; ) {
    say({ id, read: left })
    const answer = await hear()
    if (!answer.length) throw new Failure('Unexpected', `the reader ended early: ${answer.failed ?? ''}`)
    pieces.push(await bytes(answer.length))
    left -= answer.length
  }
  return Buffer.concat(pieces)
}

function found(key) {
  if (!objects.has(key)) throw new Failure('ObjectNotExist')
  return objects.get(key)
}

function described(work, path, { data, type }) {
  const etag = createHash('sha256').update(data).digest('hex')
  return { path, id: work + path, mode: ['read'], content_length: data.length, content_type: type, etag }
}

const answers = {
  open: (_, { work_dir }) => ({ client: workDirs.push(work_dir) - 1 }),
  close: () => ({}),
  async write({ id }, { work, path, size }, { content_type: type }) {
    if (size < 0) throw new Failure('RestrictionDissatisfied', 'a negative size')
    objects.set(work + path, { data: await body(id, size), type })
    return { n: size, o: described(work, path, found(work + path)) }
  },
  read({ id }, { work, path }, { offset = 0, size = Infinity }) {
    const { data } = found(work + path)
    if (offset < 0 || size < 0) throw new Failure('Unexpected', 'a negative range')
    const wanted = data.subarray(offset, offset + size)
    for (let at = 0; at < wanted.length; at += 65536) {
      const piece = wanted.subarray(at, at + 65536)
      say({ id, data: piece.length }, piece)
    }
    return { n: wanted.length }
  },
  stat: (_, { work, path }) => ({ o: described(work, path, found(work + path)) }),
  delete: (_, { work, path }) => void objects.delete(work + path),
  copy: (_, { work, src, dst }) => void objects.set(work + dst, found(work + src)),
  move(_, { work, src, dst }) {
    const object = found(work + src)
    objects.delete(work + src)
    objects.set(work + dst, object)
  },
  list({ id }, { work, path }) { // every object of the prefix
    for (const key of [...objects.keys()].sort()) {
      if (key.startsWith(work + path)) say({ id, item: described(work, key.slice(work.length), objects.get(key)) })
    }
  },
}

say({ protocol: 1, name: 'the example in Node', operations, features: { etag: true, name_maximum: null, path_maximum: null } })
for (;;) {
  const request = await hear()
  const { id, op, client, args, pairs } = request
  try {
    const foreign = Object.keys(pairs).filter((name) => !operations[op].includes(name))
    if (foreign.length) throw new Failure('PairUnsupported', '', foreign)
    const result = await answers[op](request, { work: workDirs[client], ...args }, pairs)
    say({ id, result: result ?? {} })
  } catch (error) {
    say({ id, error: error.told ?? { foreign: error.name, message: error.message } })
  }
}
