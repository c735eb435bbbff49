// js-ipfs (ipfs-core) with its RPC server, alone: no peers, no gateway, no discovery.   node js_ipfs.mjs PORT REPOSITORY
import { create } from 'ipfs-core'
import { HttpApi } from 'ipfs-http-server'

const [port, repo] = process.argv.slice(2)
const ipfs = await create({
  repo,
  offline: true,
  silent: true,
  init: { algorithm: 'Ed25519', emptyRepo: true },
  config: {
    Addresses: { Swarm: [], API: `/ip4/127.0.0.1/tcp/${port}`, Gateway: '', Delegates: [] },
    Bootstrap: [],
    Discovery: { MDNS: { Enabled: false } },
    Routing: { Type: 'none' }
  }
})
const api = new HttpApi(ipfs)
await api.start()
console.log('ready')
process.on('SIGTERM', async () => {
  await api.stop()
  await ipfs.stop()
  process.exit(0)
})
