import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// Where provider and history are: the demo's server, unless another is named.
const target = process.env.SERVER_URL ?? 'http://127.0.0.1:8787'

export default defineConfig({
  plugins: [vue()],
  build: { target: 'es2022' },
  server: { proxy: { '/v1': target, '/api': target } },
})
