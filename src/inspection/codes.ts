/** Every warning about a latent, in one place. Codes are stable: clients may act on them. */
import { formatList } from '../wire/structured-field.ts'

interface WarningKind {
  readonly title: string
  readonly meaning: string
  /** What its sender can do. */
  readonly remedy: string
}

const kinds = {
  'latent-all-zero': [
    'All zero',
    'Every number of the latent is zero; it decodes to one flat colour.',
    'The latent was most likely lost on its way: look at it where it is made.',
  ],
  'latent-scaled-twice': [
    'Scaled twice',
    'The numbers are as large as those that the VAE itself takes, and the request asks to scale them once more; the picture comes out over-saturated and blown out.',
    'Send do_scaling=False and no scaling_factor, or send the latent as the diffusion model made it.',
  ],
  'latent-not-scaled': [
    'Not scaled',
    'The numbers are those of the diffusion model, and the request asks not to scale them; the picture comes out grey and washed out.',
    'Send the scaling_factor (and shift_factor) of the model, or do_scaling=True.',
  ],
  'latent-scale-unusual': [
    'Unusual scale',
    'Once scaled as asked, the numbers spread much more, or much less, than those of this model do.',
    'Compare the model and its constants, which GET /v1/models/{id} has, with those that made the latent.',
  ],
  'scaling-factor-of-another-model': [
    'Scaling factor of another model',
    'The scaling_factor is not that of the model that decodes, but that of another one; the colours and the contrast come out wrong.',
    'Send the latent to the model that made it, or send the factor of the model that decodes.',
  ],
  'shift-factor-differs': [
    'Shift factor differs',
    'The scaling_factor is that of the model, the shift_factor is not; the colours come out wrong.',
    'Send the shift_factor of the model as well; GET /v1/models/{id} has it.',
  ],
} as const satisfies Record<string, readonly [string, string, string]>

export type WarningCode = keyof typeof kinds

/** Title, meaning and remedy of a code. */
export function warningKind(code: WarningCode): WarningKind {
  const [title, meaning, remedy] = kinds[code]
  return { title, meaning, remedy }
}

export const warningCodes = Object.keys(kinds) as WarningCode[]

export const isWarningCode = (text: string): text is WarningCode => Object.hasOwn(kinds, text)

/** Something that looks wrong about a latent, with its numbers. */
export interface Warning {
  readonly code: WarningCode
  /** Parameters of the code in `x-vae-warning`: numbers, and ids of models. */
  readonly facts: Readonly<Record<string, number | string>>
}

/** The value of `x-vae-warning`. */
export const formatWarnings = (warnings: readonly Warning[]): string =>
  formatList(warnings.map(({ code, facts }) => ({ token: code, parameters: facts })))
