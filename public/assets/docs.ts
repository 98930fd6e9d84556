/** Shows /openapi.json, by a library that is told to ask nobody else. */
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js'

const prefersDark = matchMedia('(prefers-color-scheme: dark)').matches
document.documentElement.classList.toggle('dark-mode', prefersDark)

SwaggerUI({
  domNode: document.getElementById('api'),
  url: '/openapi.json',
  // The document would be sent to its makers' validator.
  validatorUrl: null,
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  requestSnippetsEnabled: true,
})
