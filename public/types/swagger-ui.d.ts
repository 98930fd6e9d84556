/** What the pages use of it. */
declare module 'swagger-ui-dist/swagger-ui-es-bundle.js' {
  export default function SwaggerUI(options: {
    readonly domNode: Element | null
    readonly url: string
    readonly validatorUrl: null
    readonly [option: string]: unknown
  }): unknown
}
