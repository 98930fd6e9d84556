/** `vae-gateway/client` for pages elsewhere, which import it from the gateway that they ask. */
export * from '../../src/client/index.ts'
