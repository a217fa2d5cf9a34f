import { copyFileSync, cpSync } from 'node:fs'
import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'
import { VERSION } from './core/messages/version.ts'
import { makeRecipe } from './scripts/make-recipe.ts'

/** Gives the built site its worker, as `streamkeeper init` gives it to an app's public folder. */
const copyWorker: Plugin = {
  name: 'copy-worker',
  applyToEnvironment: (environment) => environment.name === 'client',
  writeBundle: () => copyFileSync('dist/streamkeeper-sw.js', 'demo/dist/streamkeeper-sw.js'),
}

/** The recipes without a build, with the package's modules beside them. */
const makePlainRecipes: Plugin = {
  name: 'make-plain-recipes',
  applyToEnvironment: (environment) => environment.name === 'development',
  writeBundle: () => {
    for (const name of ['plain-html', 'timelines']) {
      const folder = `demo/dist/demo/recipes/${name}`
      makeRecipe(name, folder)
      cpSync('dist', `${folder}/streamkeeper`, { recursive: true })
    }
  },
}

// One run builds the ready-made worker (one classic script), the package's modules, and the demo's site with its recipes.
export default defineConfig({
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [copyWorker, makePlainRecipes, vue()],
  resolve: {
    alias: [
      { find: /^streamkeeper$/, replacement: resolve('client/index.ts') },
      { find: /^streamkeeper\/ui$/, replacement: resolve('ui/index.ts') },
    ],
  },
  publicDir: false,
  builder: {
    buildApp: async (builder) => {
      for (const name of ['worker', 'package', 'node', 'cli', 'size', 'client', 'development']) {
        const environment = builder.environments[name]
        if (environment) await builder.build(environment)
      }
    },
  },
  environments: {
    worker: {
      consumer: 'client',
      build: {
        target: 'chrome95',
        minify: 'terser',
        terserOptions: { ecma: 2020, compress: { passes: 3 } },
        outDir: 'dist',
        emptyOutDir: false,
        lib: {
          entry: 'sw/streamkeeper-sw.ts',
          formats: ['iife'],
          name: 'streamkeeper',
          fileName: () => 'streamkeeper-sw.js',
        },
        // By its first line `streamkeeper init` knows its own.
        rolldownOptions: { output: { postBanner: `/*! streamkeeper ${VERSION} | MIT */` } },
      },
    },
    package: {
      consumer: 'client',
      build: {
        target: 'es2022',
        minify: true,
        outDir: 'dist',
        emptyOutDir: false,
        lib: {
          entry: {
            index: 'client/index.ts',
            ui: 'ui/index.ts',
            sw: 'sw/index.ts',
            fetch: 'core/fetch/create-resilient-fetch.ts',
            server: 'server/index.ts',
          },
          formats: ['es'],
        },
        rolldownOptions: { output: { minify: true, chunkFileNames: 'chunks/[name]-[hash].js' } },
      },
    },
    // What needs Node's own modules has an entry of its own: a bundler for the edge never meets it.
    node: {
      consumer: 'server',
      build: {
        target: 'node22',
        outDir: 'dist',
        emptyOutDir: false,
        lib: {
          entry: {
            'server-sqlite': 'server/node/sqlite-store.ts',
            'server-redis': 'server/node/redis-store.ts',
          },
          formats: ['es'],
        },
        rolldownOptions: {
          output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
        },
      },
    },
    cli: {
      consumer: 'server',
      build: {
        target: 'node20',
        outDir: 'dist',
        emptyOutDir: false,
        lib: { entry: { cli: 'cli/streamkeeper.ts', vite: 'cli/vite.ts' }, formats: ['es'] },
        rolldownOptions: {
          output: {
            entryFileNames: '[name].js',
            // Beside the worker, which they read.
            chunkFileNames: '[name].js',
            banner: ({ name }) => (name === 'cli' ? '#!/usr/bin/env node' : ''),
          },
        },
      },
    },
    // What a bundler makes of a page's `import { register }`: only measured.
    size: {
      consumer: 'client',
      build: {
        target: 'es2022',
        minify: true,
        outDir: 'dist/size',
        emptyOutDir: false,
        lib: { entry: 'client/register.ts', formats: ['es'], fileName: () => 'register.js' },
        rolldownOptions: {
          preserveEntrySignatures: 'allow-extension',
          output: { minify: true, chunkFileNames: '[name].js' },
        },
      },
    },
    client: {
      build: {
        outDir: 'demo/dist',
        emptyOutDir: true,
        rolldownOptions: {
          input: {
            index: 'index.html',
            e2e: 'e2e/site/index.html',
            useChat: 'e2e/site/use-chat.html',
            clients: 'e2e/site/clients.html',
          },
        },
      },
    },
    // As in development, where React's StrictMode mounts everything twice.
    development: {
      consumer: 'client',
      define: { 'process.env.NODE_ENV': '"development"' },
      build: {
        outDir: 'demo/dist',
        emptyOutDir: false,
        rolldownOptions: {
          input: [
            'e2e/site/use-chat-strict.html',
            ...['react-status', 'react-use-chat', 'vue'].map((name) => `demo/recipes/${name}/index.html`),
          ],
        },
      },
    },
  },
})
