// js-ipfs (ipfs-core) with its RPC server, alone: no peers, no gateway, the data in memory.   node js_ipfs.mjs PORT
import * as dagPb from '@ipld/dag-pb'
import { MemoryBlockstore } from 'blockstore-core/memory'
import { MemoryDatastore } from 'datastore-core/memory'
import { create } from 'ipfs-core'
import { HttpApi } from 'ipfs-http-server'
import { createRepo } from 'ipfs-repo'
import { MemoryLock } from 'ipfs-repo/locks/memory'
import * as raw from 'multiformats/codecs/raw'

const codecs = [dagPb, raw]
const stores = { blocks: new MemoryBlockstore() }
for (const name of ['root', 'keys', 'datastore', 'pins']) stores[name] = new MemoryDatastore()

const ipfs = await create({
  repo: createRepo('memory', async name => codecs.find(codec => [codec.code, codec.name].includes(name)), stores, {
    repoLock: MemoryLock,
    autoMigrate: false
  }),
  offline: true,
  silent: true,
  init: { algorithm: 'Ed25519', emptyRepo: true },
  config: {
    Addresses: { Swarm: [], API: `/ip4/127.0.0.1/tcp/${process.argv[2]}`, Gateway: '', Delegates: [] },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false } },
    Routing: { Type: 'none' }
  }
})
const api = new HttpApi(ipfs)
await api.start()
process.on('SIGTERM', async () => {
  await api.stop()
  await ipfs.stop()
  process.exit(0)
})
