export { default } from 'ky'
