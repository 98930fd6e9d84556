import { useEffect, useState } from 'preact/hooks'
import { explain, type Meaning } from '../warnings.ts'

/** What the gateway noticed about the latent, in the words of its own page. */
export function Warnings({ codes }: { readonly codes: readonly string[] }) {
  return (
    <>
      {codes.map((code) => (
        <Warning key={code} code={code} />
      ))}
    </>
  )
}

function Warning({ code }: { readonly code: string }) {
  const [meaning, setMeaning] = useState<Meaning>()
  useEffect(() => {
    void explain(code).then(setMeaning)
  }, [code])
  return (
    <div class="notice warn" role="status">
      <h3>{meaning?.title ?? code}</h3>
      {meaning && (
        <p>
          {meaning.meaning} {meaning.remedy}
        </p>
      )}
      <a href={`/warnings/${code}`}>{code}</a>
    </div>
  )
}
