/** What an operator tells a backend. */
import { type Order, type OrderedBackend, orders } from '../admin/contract.ts'
import { type AccessOptions, adminClient, unwrap, withAccess } from './admin/access.ts'
import { newCommand, newGroup } from './command.ts'
import { FoundMistakes } from './ending.ts'
import { type JsonOption, say } from './terminal/say.ts'
import { printable } from './terminal/table.ts'

const SUMMARIES: Readonly<Record<Order, string>> = {
  drain: 'let a backend finish what it has and send it nothing new',
  enable: 'take a backend back that was drained or disabled',
  disable: 'take a backend out at once; what it is doing goes elsewhere when it fails',
  probe: 'look at a backend now: is it there, can it decode',
}

const DONE: Readonly<Record<Order, string>> = {
  drain: 'finishes what it has and gets nothing new',
  enable: 'may be used again',
  disable: 'gets nothing any more',
  probe: 'was looked at',
}

const FOUND: Readonly<Record<NonNullable<OrderedBackend['found']>, string>> = {
  passed: 'It passed.',
  asleep: 'It is asleep; it was asked to start.',
  failed: 'It failed.',
  pending: 'It has not answered yet; pools shows what comes of it.',
}

function describe(order: Order, { id, state, reason, found }: OrderedBackend): string {
  return [`${id} ${DONE[order]}.`, found === null ? '' : FOUND[found], `Its state: ${state}.`, reason]
    .filter((sentence) => sentence !== '')
    .join(' ')
}

export const backendsCommand = newGroup('backends', {
  summary: 'orders to single backends of a running gateway',
  examples: ['vae-gateway backends drain sdxl-us-1     # before it is taken down for work'],
})

for (const order of orders) {
  const command = withAccess(
    newCommand(order, { summary: SUMMARIES[order], examples: [`vae-gateway backends ${order} sdxl-us-1`] }),
  )
    .argument('<id>', 'its id in the configuration')
    .action(async (id: string, options: AccessOptions & JsonOption) => {
      const backend = unwrap(await adminClient(options).order(id, order))
      say(options, backend, printable(describe(order, backend)))
      if (backend.found === 'failed') throw new FoundMistakes()
    })
  backendsCommand.addCommand(command)
}
