/**
 * Every problem a client can be told, in one place: its status, its title and what it means. The detail of an
 * answer names the facts of the case; these texts never change with the case.
 */
interface ProblemKind {
  readonly status: number
  readonly title: string
  readonly meaning: string
}

const kinds = {
  // The caller's request
  'empty-body': [400, 'Empty body', 'The request has no body; a decode needs the raw bytes of the latent.'],
  'length-mismatch': [
    400,
    'Incomplete upload',
    'The body that arrived is not as long as Content-Length said.',
  ],
  'duplicate-parameter': [400, 'Duplicate parameter', 'A query parameter that takes one value came twice.'],
  'invalid-header': [400, 'Invalid header', 'A header of the request has a bad value.'],
  unauthorized: [401, 'Unauthorized', 'The request has no valid API key, or no valid admin token.'],
  forbidden: [403, 'Forbidden', 'The API key is valid, but its plan does not allow this.'],
  'exceeds-plan': [
    403,
    'Exceeds the plan',
    'The decode alone is more than the plan of this key allows in a minute or month.',
  ],
  'not-found': [404, 'Not found', 'Nothing is served at this path.'],
  'unknown-key': [404, 'Unknown key', 'There is no record of such an API key.'],
  'unknown-backend': [404, 'Unknown backend', 'No backend of the configuration has this id.'],
  'unknown-model': [404, 'Unknown model', 'No model of this gateway has this id or alias.'],
  'method-not-allowed': [405, 'Method not allowed', 'The path exists, but not for this method.'],
  'not-acceptable': [
    406,
    'Not acceptable',
    'The answer cannot be given in any of the media types asked for.',
  ],
  'key-not-active': [409, 'Key not active', 'Only an API key that is active can be rotated.'],
  'upload-timeout': [408, 'Upload too slow', 'The body did not arrive in time.'],
  'length-required': [411, 'Length required', 'A body in JSON needs a Content-Length.'],
  'payload-too-large': [
    413,
    'Payload too large',
    'The body is larger than any latent this model decodes, or than any admin request.',
  ],
  'unsupported-media-type': [
    415,
    'Unsupported media type',
    'The body is not what is expected here: a raw tensor, or JSON; never compressed.',
  ],
  'invalid-parameter': [422, 'Invalid parameter', 'A query parameter is missing or has a bad value.'],
  'invalid-body': [422, 'Invalid body', 'The body is not JSON, or not the JSON that is expected here.'],
  'invalid-picture': [
    422,
    'Invalid picture',
    'The body is no PNG, JPEG or WebP file whose header tells its size, and no tensor of pixels either.',
  ],
  'picture-too-large': [422, 'Picture too large', 'The picture is larger than this model encodes at once.'],
  'unsupported-shape': [422, 'Unsupported shape', 'The model does not decode latents of this shape.'],
  'unsupported-output': [422, 'Unsupported output', 'The model cannot answer in this form.'],
  'length-shape-mismatch': [
    422,
    'Length and shape disagree',
    'The body is not as long as its shape and dtype say.',
  ],
  'decode-too-large': [422, 'Decode too large', 'The picture would be larger than this model decodes.'],
  'model-ambiguous': [
    422,
    'Ambiguous model',
    'More than one model could have made this latent; name it in the path.',
  ],
  'model-not-inferred': [
    422,
    'Model not recognised',
    'No model that is served here takes a latent like this one.',
  ],
  'latent-not-finite': [
    422,
    'Latent not finite',
    'The latent holds NaN or infinity, of which a decoder makes a black picture.',
  ],
  'latent-suspicious': [
    422,
    'Suspicious latent',
    'The latent looks wrong, and the request asked with strict=true to be refused then.',
  ],
  'conversion-too-large': [
    422,
    'Too large to convert',
    'JSON and other dtypes are made of answers that are held in memory as a whole; larger ones go out as they come.',
  ],
  'encode-unsupported': [
    422,
    'Encoding is not served',
    'A request without output_type is an encode request, and no backend encodes for this model.',
  ],
  'rejected-by-backend': [
    422,
    'Rejected by the backends',
    'Two backends refused the request, though it looks valid to the gateway.',
  ],
  'quota-exceeded': [
    429,
    'Share exceeded',
    'This key has as much waiting as its share of the pool allows; others are served meanwhile.',
  ],
  'too-many-requests': [
    429,
    'Too many requests',
    'This key has sent as many requests as it may in a minute.',
  ],
  'too-many-megapixels': [
    429,
    'Too many megapixels',
    'This key has asked for as many megapixels as it may in a minute; a smaller picture may still fit.',
  ],
  'too-many-at-once': [
    429,
    'Too many at once',
    'This key has as many requests under way as it may; one must end first.',
  ],
  'month-used-up': [
    429,
    'Month used up',
    'This key has asked for as many megapixels as it may in a calendar month, UTC.',
  ],
  'too-many-bad-keys': [
    429,
    'Too many bad keys',
    'Too many requests without a valid API key came from this address.',
  ],
  'client-closed-request': [499, 'Client closed request', 'The client left before the answer.'],

  // The gateway
  'internal-error': [500, 'Internal error', 'The gateway failed; the request id finds the cause in its log.'],
  misconfigured: [500, 'Misconfigured', 'The gateway refuses to serve with its configuration.'],
  'isolate-busy': [
    503,
    'Too many uploads',
    'This part of the gateway holds as many uploads as it may; try again.',
  ],
  'key-unavailable': [
    503,
    'Key unavailable',
    'The object that keeps an API key cannot be reached by the admin API; try again.',
  ],
  'directory-unavailable': [
    503,
    'List of keys unavailable',
    'The object that lists the API keys cannot be reached; try again.',
  ],
  'pool-unavailable': [
    503,
    'Pool unavailable',
    'The object that hands out the backends cannot be reached; try again.',
  ],

  // The backends
  'upstream-unreachable': [
    502,
    'Backends unreachable',
    'Every backend that was tried was out of reach or broke off.',
  ],
  'upstream-error': [502, 'Backends failed', 'Every backend that was tried answered with an error.'],
  'upstream-invalid-response': [
    502,
    'Invalid answer from the backends',
    'What the backends answered is not the picture asked for.',
  ],
  'upstream-misconfigured': [
    502,
    'Backends misconfigured',
    'A backend is gone or refuses the gateway; its operator must act.',
  ],
  'request-failed-repeatedly': [
    502,
    'Request failed repeatedly',
    'Backends that serve other requests failed this one, and all in the same way.',
  ],
  'no-backend': [503, 'No backend', 'No backend of this model can be used at present.'],
  'cold-start': [503, 'Backends are starting', 'The backends of this model are starting up.'],
  'no-capacity': [
    503,
    'No capacity',
    'The backends of this model are busy and the queue is full or too long for the deadline.',
  ],
  'deadline-exceeded': [504, 'Deadline exceeded', 'No backend answered in time.'],
} as const satisfies Record<string, readonly [number, string, string]>

export type ProblemCode = keyof typeof kinds

/** Status, title and meaning of a code. */
export function problemKind(code: ProblemCode): ProblemKind {
  const [status, title, meaning] = kinds[code]
  return { status, title, meaning }
}

export const problemCodes = Object.keys(kinds) as ProblemCode[]

export const isProblemCode = (text: string): text is ProblemCode => Object.hasOwn(kinds, text)
