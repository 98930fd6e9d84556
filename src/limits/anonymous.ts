/** Names of the objects of those who have no key; no key id looks like one. */
const PREFIX = 'anonymous:'

/** @param pseudonym of an address; undefined where nobody says who is who */
export const anonymousAccount = (pseudonym: string | undefined): string => PREFIX + (pseudonym ?? 'everybody')

export const isAnonymous = (name: string | undefined): boolean => name?.startsWith(PREFIX) ?? false
