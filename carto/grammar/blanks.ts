/**
 * Blanks and tabs at the end of a text. A regular expression would try every blank as the first one: on a line of a
 * million blanks with one letter behind them that takes hours.
 */
export function trailingBlanks(text: string): string {
  let at = text.length;
  while (at > 0 && (text[at - 1] === ' ' || text[at - 1] === '\t')) at--;
  return text.slice(at);
}
