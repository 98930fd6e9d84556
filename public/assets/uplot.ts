/** A file of its own: the dashboard asks for it once it has something to draw, and browsers keep it when the page changes. */
export { default } from 'uplot'
