import { servedModels } from '../models.ts'

/** What this gateway serves, and whether a decode would start now. */
export function ModelTable() {
  const models = servedModels()
  if (models.length === 0) return null
  return (
    <section class="models" id="models" aria-labelledby="models-title">
      <details>
        <summary>
          <h2 id="models-title">
            {models.length === 1 ? '1 model' : `${models.length} models`} of this gateway
          </h2>
        </summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section class="scroll" aria-label="Table of models" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col">Latent</th>
                <th scope="col">Answers</th>
                <th scope="col">Does</th>
                <th scope="col">Now</th>
              </tr>
            </thead>
            <tbody>
              {models.map(({ id, shapes, outputs, operations, availability }) => (
                <tr key={id}>
                  <td class="mono">{id}</td>
                  <td class="mono">{shapes}</td>
                  <td>{outputs.join(', ')}</td>
                  <td>{operations.join(', ')}</td>
                  <td>{availability.status}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </section>
  )
}
