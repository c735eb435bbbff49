"""The mutable file system of an IPFS node, over the RPC API of kubo and js-ipfs."""
