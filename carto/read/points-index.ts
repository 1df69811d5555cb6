import type { SourceFile } from '../source.ts';
import { parseXml, type XmlFile } from './xml.ts';

/** `<map>_Points_Export.xml`: which file holds which point. It has no coordinates. */
export interface PointsIndex {
  readonly mapName: string;
  readonly mapIndex: number;
  readonly points: readonly { readonly id: number; readonly fileName: string }[];
}

export async function readPointsIndex(file: SourceFile, checkpoint: XmlFile['checkpoint']): Promise<PointsIndex> {
  const points: { id: number; fileName: string }[] = [];
  let map = { mapName: '', mapIndex: 0 };
  await parseXml(
    { file, kind: 'points-index', checkpoint },
    {
      open(name, fields) {
        if (name === 'Points') map = { mapName: fields.requiredText('Map_Name'), mapIndex: fields.number('Map_Index') };
        if (name === 'Point') points.push({ id: fields.number('ID'), fileName: fields.requiredText('File_Name') });
      },
    },
  );
  return { ...map, points };
}
