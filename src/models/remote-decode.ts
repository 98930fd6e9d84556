/** The call of diffusers' remote_decode that decodes a latent of a model. Pure. */
import type { Scaling, VaeModel } from './vae.ts'

/** Sides that pipelines make when they are told none. */
const USUAL_SIZE = { image: 'height=1024, width=1024', video: 'height=512, width=704' }

/**
 * In Python, to be pasted; `latent` is what a pipeline gives with `output_type="latent"`.
 * @param endpoint URL of the model with the credentials in it
 */
export function remoteDecodeLine(model: VaeModel, endpoint: string): string {
  const parameters = [
    `endpoint="${endpoint}"`,
    'tensor=latent',
    ...scalingArguments(model.scaling),
    ...(model.kind === 'video' ? ['output_type="mp4"', 'return_type="mp4"'] : []),
    ...(model.packing === null ? [] : [USUAL_SIZE[model.kind]]),
  ]
  return `remote_decode(${parameters.join(', ')})`
}

/** What diffusers cannot say in two numbers is left to the decoder, which knows its model. */
function scalingArguments(scaling: Scaling): string[] {
  switch (scaling.kind) {
    case 'factor': {
      const shift = scaling.shift === 0 ? [] : [`shift_factor=${scaling.shift}`]
      return [`scaling_factor=${scaling.factor}`, ...shift]
    }
    case 'statistics':
    case 'checkpoint':
      return ['do_scaling=True']
    case 'none':
      return ['do_scaling=False']
  }
}
