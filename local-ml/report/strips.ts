/** A piece of a page as wide as the page's text: never divided. Heights in points. */
export interface Strip {
  readonly height: number;
  readonly draw: (top: number) => void;
  /** Stands on the same page as the next one: a heading, the head of a table. */
  readonly keepsNext?: boolean;
  /** Is drawn again above this one where it begins a page: the head of its table. */
  readonly head?: Strip;
}

export interface Placed {
  readonly page: number;
  readonly top: number;
  readonly strip: Strip;
}

/** Where a page's text begins and ends, in points from its upper edge. */
export interface Frame {
  readonly top: number;
  readonly bottom: number;
}

/**
 * Places groups of strips on pages: a group that fits on one page is not divided, a longer one is divided between its
 * strips. `gap` is between groups. A strip that is higher than a page stands on one of its own, and runs over its end.
 */
export function place(groups: readonly (readonly Strip[])[], { top, bottom }: Frame, gap: number): readonly Placed[] {
  const placed: Placed[] = [];
  let [page, y] = [0, top];
  const turn = () => {
    page++;
    y = top;
  };
  const put = (strip: Strip) => {
    placed.push({ page, top: y, strip });
    y += strip.height;
  };
  for (const [at, group] of groups.entries()) {
    if (at > 0 && y > top) y += gap;
    const height = heightOf(group);
    if (y + height > bottom && y > top && height <= bottom - top) turn();
    for (const [n, strip] of group.entries()) {
      const isNewPage = y + heightOf(keptFrom(group, n)) > bottom && y > top;
      if (isNewPage) turn();
      if (isNewPage && strip.head) put(strip.head);
      put(strip);
    }
  }
  return placed;
}

const heightOf = (strips: readonly Strip[]) => strips.reduce((sum, { height }) => sum + height, 0);

/** A strip with those that must stay with it. */
function keptFrom(group: readonly Strip[], from: number): readonly Strip[] {
  const last = group.findIndex(({ keepsNext }, at) => at >= from && !keepsNext);
  return group.slice(from, last === -1 ? group.length : last + 1);
}
