import { SaxesParser } from 'saxes';
import { BlobError } from './errors.ts';

/** One line of a Put Block List: where the block is looked for, and its id. */
export interface BlockReference {
  readonly from: 'committed' | 'uncommitted' | 'latest';
  readonly blockId: string;
}

export interface ListedBlock {
  readonly blockId: string;
  readonly bytes: number;
}

const declaration = '<?xml version="1.0" encoding="utf-8"?>';
const places = { Committed: 'committed', Uncommitted: 'uncommitted', Latest: 'latest' } as const;

/** Most blocks a blob may have. */
export const maxCommittedBlocks = 50_000;

/** Reads the body of Put Block List. Throws BlobError when it is not one. */
export function readBlockList(xml: string): readonly BlockReference[] {
  const parser = new SaxesParser();
  const references: BlockReference[] = [];
  const open: string[] = [];
  let text = '';
  parser.on('doctype', () => {
    throw new BlobError('InvalidXmlDocument');
  });
  parser.on('opentag', ({ name }) => {
    open.push(name);
    text = '';
    if (!(name === 'BlockList' && open.length === 1) && !(Object.hasOwn(places, name) && open.length === 2)) {
      throw new BlobError('InvalidXmlDocument');
    }
  });
  parser.on('text', (piece) => {
    text += piece;
  });
  parser.on('closetag', ({ name }) => {
    open.pop();
    if (open.length === 0) return;
    references.push({ from: places[name as keyof typeof places], blockId: text.trim() });
    if (references.length > maxCommittedBlocks) throw new BlobError('BlockListTooLong');
  });
  try {
    parser.write(xml).close();
  } catch (cause) {
    throw cause instanceof BlobError ? cause : new BlobError('InvalidXmlDocument', { cause });
  }
  return references;
}

/** The answer to Get Block List; a list that was not asked for is absent. */
export function writeBlockLists(lists: {
  readonly committed?: readonly ListedBlock[];
  readonly uncommitted?: readonly ListedBlock[];
}): string {
  const list = (tag: string, blocks: readonly ListedBlock[] | undefined) =>
    blocks === undefined ? '' : `<${tag}>${blocks.map(blockElement).join('')}</${tag}>`;
  return `${declaration}<BlockList>${list('CommittedBlocks', lists.committed)}${list('UncommittedBlocks', lists.uncommitted)}</BlockList>`;
}

export function writeError(code: string, message: string): string {
  return `${declaration}<Error><Code>${escaped(code)}</Code><Message>${escaped(message)}</Message></Error>`;
}

function blockElement({ blockId, bytes }: ListedBlock): string {
  return `<Block><Name>${escaped(blockId)}</Name><Size>${bytes}</Size></Block>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
