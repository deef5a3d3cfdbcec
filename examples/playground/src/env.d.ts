/// <reference types="vite/client" />

/** Ten digits of 28×28 bytes in base64: see digit-samples.ts. */
declare module 'virtual:digit-samples' {
  const base64: string;
  export default base64;
}
