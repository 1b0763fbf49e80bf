// A gateway of IPFS on loopback: Helia without a network, its blocks in memory. `gateway.js MILLISECONDS` prints its
// address, and ends when its standard input does, or after that time.
//
// GET /ipfs/CID       what verified-fetch answers
// POST /api/v0/add    as Kubo's RPC; of what it can be asked for: cid-version, raw-leaves, chunker=size-N
// POST /add           the body as one file, as Helia adds it when it is not told how
// POST /folder        a folder with the body as its only file
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createVerifiedFetch } from '@helia/verified-fetch'
import { unixfs } from '@helia/unixfs'
import { createHeliaLight } from 'helia'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'

const helia = await createHeliaLight().start()
const files = unixfs(helia)
const fetchVerified = await createVerifiedFetch(helia)

// How Kubo adds a file, as far as it is asked: https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-add
function asked (query) {
  const number = (name, found) => {
    if (!/^\d+$/.test(found)) throw new Error(`${name}: found ${found}, expected a number`)
    return Number(found)
  }
  const cidVersion = number('cid-version', query.get('cid-version') ?? '0')
  const chunk = number('chunker', (query.get('chunker') ?? 'size-262144').replace(/^size-/, ''))
  const rawLeaves = (query.get('raw-leaves') ?? String(cidVersion === 1)) === 'true'
  for (const [name, value] of query) {
    const known = ['cid-version', 'raw-leaves', 'chunker'].includes(name) ||
      ['hash=sha2-256', 'pin=true'].includes(`${name}=${value}`)
    if (!known) throw new Error(`found ${name}=${value}, which is not supported here`)
  }
  return {
    cidVersion,
    rawLeaves,
    chunker: fixedSize({ chunkSize: chunk }),
    layout: balanced({ maxChildrenPerNode: 174 })
  }
}

async function answer (request) {
  const url = new URL(request.url, 'http://localhost')
  const bytes = async () => new Uint8Array(await new Response(Readable.toWeb(request)).arrayBuffer())
  switch (`${request.method} ${url.pathname.split('/').slice(0, 2).join('/')}`) {
    case 'GET /ipfs':
      return fetchVerified(url.pathname + url.search, {
        headers: { accept: request.headers.accept ?? '*/*' },
        // A node without a network has nobody to ask for what it does not have.
        session: false,
        offline: true
      })
    case 'POST /api': {
      if (url.pathname !== '/api/v0/add') break
      const headers = { 'content-type': request.headers['content-type'] }
      const form = await new Response(await bytes(), { headers }).formData()
      const [file, ...more] = form.getAll('file')
      if (!(file instanceof File) || more.length) throw new Error('expected one part that is a file')
      const content = new Uint8Array(await file.arrayBuffer())
      const cid = await files.addBytes(content, asked(url.searchParams))
      const size = (await files.stat(cid)).size
      return new Response(JSON.stringify({ Name: file.name, Hash: `${cid}`, Size: `${size}` }) + '\n')
    }
    case 'POST /add':
      return new Response(`${await files.addBytes(await bytes())}`)
    case 'POST /folder': {
      const file = await files.addBytes(await bytes())
      return new Response(`${await files.cp(file, await files.addDirectory(), 'file')}`)
    }
  }
  return new Response('no such path', { status: 404 })
}

const server = createServer(async (request, response) => {
  try {
    const found = await answer(request)
    response.writeHead(found.status, Object.fromEntries(found.headers))
    if (found.body) await pipeline(Readable.fromWeb(found.body), response)
    else response.end()
  } catch (error) {
    if (!response.headersSent) response.writeHead(500)
    response.end(`${error.stack}\n`)
  }
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))

const end = () => process.exit(0)
process.stdin.on('end', end).on('error', end).resume()
setTimeout(end, Number(process.argv[2]))
