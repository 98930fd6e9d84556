import { useEffect, useState } from 'preact/hooks'
import type { Warning } from '../../../../src/client/index.ts'
import { explain, type Meaning } from '../warnings.ts'

/** What the gateway noticed about the latent, in the words of its own page. */
export function Warnings({ warnings }: { readonly warnings: readonly Warning[] }) {
  return (
    <>
      {warnings.map((warning) => (
        <WarningNotice key={warning.code} warning={warning} />
      ))}
    </>
  )
}

function WarningNotice({ warning: { code, parameters } }: { readonly warning: Warning }) {
  const [meaning, setMeaning] = useState<Meaning>()
  useEffect(() => {
    void explain(code).then(setMeaning)
  }, [code])
  const numbers = Object.entries(parameters).map(([name, value]) => `${name} ${value}`)
  return (
    <div class="notice warn" role="status">
      <h3>{meaning?.title ?? code}</h3>
      {meaning && (
        <p>
          {meaning.meaning} {meaning.remedy}
        </p>
      )}
      <p>
        <a href={`/warnings/${code}`}>{code}</a>
        {numbers.length > 0 && <span class="mono"> {numbers.join(', ')}</span>}
      </p>
    </div>
  )
}
