import { defineConfig } from 'vite'

// Where provider and history are: the demo's server, unless another is named.
const target = process.env.SERVER_URL ?? 'http://127.0.0.1:8787'

// Only a server: nothing here needs to be built.
export default defineConfig({ server: { proxy: { '/v1': target, '/api': target } } })
