export { ImportError } from './import-error.ts';
export { Imports } from './imports.ts';
