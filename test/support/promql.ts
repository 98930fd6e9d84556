/** What a query of Prometheus asks for, as its own grammar reads it. */
import { parser } from '@prometheus-io/lezer-promql'

export interface Selector {
  readonly name: string
  readonly matchers: readonly { readonly label: string; readonly isRegex: boolean; readonly value: string }[]
}

export interface Query {
  readonly selectors: readonly Selector[]
  /** That series are grouped or matched by. */
  readonly labels: readonly string[]
}

/** @throws where it is no query */
export function readQuery(text: string): Query {
  const selectors: { name: string; matchers: Selector['matchers'][number][] }[] = []
  const labels: string[] = []
  let isGrouping = false
  let label = ''
  let isRegex = false
  parser.parse(text).iterate({
    enter: (node) => {
      const part = text.slice(node.from, node.to)
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${text}`)
      if (node.name === 'GroupingLabels') isGrouping = true
      if (node.name === 'VectorSelector') selectors.push({ name: '', matchers: [] })
      const current = selectors.at(-1)
      if (node.name === 'Identifier' && current) current.name = part
      if (node.name === 'MatchOp') isRegex = part.includes('~')
      if (node.name === 'LabelName') {
        label = part
        if (isGrouping) labels.push(part)
      }
      if (node.name === 'StringLiteral' && current) {
        current.matchers.push({ label, isRegex, value: part.slice(1, -1) })
      }
    },
    leave: (node) => {
      if (node.name === 'GroupingLabels') isGrouping = false
    },
  })
  return { selectors, labels }
}
