import type { Findings } from '../../protocol/findings.ts';
import type { Analysis } from '../analysis/analyse.ts';
import { regionLabels, sides } from '../anatomy/anatomy.ts';
import { colorRules, regionColors, voltageLegend } from './colors.ts';
import { drawClock } from './draw-clock.ts';
import { type Drawing, drawViews } from './draw-views.ts';
import { escaped, section, table, tablesOf } from './tables.ts';

/** The report of an analysis: one page without scripts, fonts or anything from outside. No name of the study is in it. */
export function reportOf(analysis: Analysis): string {
  const { findings, surface, bipolarMv, found, placed, lines } = analysis;
  const drawing: Drawing | undefined = surface && {
    surface,
    ...(found ? { labels: found.regions.labels } : {}),
    ...(bipolarMv ? { bipolarMv } : {}),
    thresholdsMv: findings.settings.voltage.thresholdsMv,
    lesions: lines?.lesions ?? placed?.placed ?? [],
    indexTarget: findings.settings.lesions.indexTarget,
    discontinuities: findings.discontinuities ?? [],
  };
  const pictures = drawing ? picturesOf(drawing, findings, analysis) : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Analysis of a left-atrial map</title><style>${style}${colorRules()}</style></head><body>
<header><h1>Analysis of a left-atrial map</h1><p class="notice">${escaped(findings.notice)}</p>${findings.needsReview ? '<p class="review">To be looked at by a person before anything of it is used.</p>' : ''}</header>
${abstentionsOf(findings)}${pictures}${tablesOf(findings)}
<footer><p class="notice">${escaped(findings.notice)}</p></footer></body></html>
`;
}

function abstentionsOf({ abstentions }: Findings): string {
  if (abstentions.length === 0) return '';
  const rows = abstentions.map(({ of, reason, found }) => [of, reason.replaceAll('-', ' '), found ?? '']);
  return section('What is not said, and why', table(['of', 'reason', 'found'], rows));
}

function picturesOf(drawing: Drawing, { settings }: Findings, { found, lines }: Analysis): string {
  const { regions, voltage } = drawViews(drawing);
  const swatch = (className: string, text: string) =>
    `<span class="key"><svg viewBox="0 0 10 10"><rect class="${className}5" width="10" height="10"/></svg>${text}</span>`;
  const dot = (className: string, text: string) =>
    `<span class="key"><svg viewBox="0 0 10 10"><circle class="${className}" cx="5" cy="5" r="4"/></svg>${text}</span>`;
  const parts = found ? regionLabels.map((label) => swatch(regionColors[label][0], label)).join('') : '';
  const { anterior, posterior } = settings.lesions.indexTarget;
  const lesionKey = [
    dot('lo', `index on target (${anterior} in front, ${posterior} behind)`),
    dot('lm', '80 to 100 % of it'),
    dot('lw', 'below 80 %'),
    dot('lu', 'no index, or no target'),
  ].join('');
  const frames = found?.ground.frames;
  const clocks =
    lines && found
      ? sides.flatMap((side) => {
          const frame = frames?.[side];
          return frame ? [drawClock({ ...drawing, side, frame, canonical: found.ground.canonical })] : [];
        })
      : [];
  return [
    section('Regions and lesions', `<div class="keys">${parts}${lesionKey}</div><div class="views">${regions}</div>`),
    voltage
      ? section(
          'Bipolar voltage',
          `<div class="keys">${voltageLegend(drawing.thresholdsMv)
            .map(([name, text]) => swatch(name, text))
            .join('')}</div><div class="views">${voltage}</div>`,
        )
      : '',
    clocks.length > 0
      ? section('Rings around the veins, laid flat', `<div class="clocks">${clocks.join('')}</div>`)
      : '',
  ].join('');
}

const style = `
:root{font:14px/1.45 system-ui,sans-serif;color:#1d1f24;background:#fff}
body{max-width:1080px;margin:0 auto;padding:16px}
h1{font-size:22px;margin:0}h2{font-size:16px;margin:26px 0 8px;border-bottom:1px solid #ccd}
.notice{background:#f3f0e4;border-left:4px solid #b08a1e;padding:6px 10px;margin:8px 0}
.review{background:#fbe5df;border-left:4px solid #b5391f;padding:6px 10px;margin:8px 0;font-weight:600}
.views,.clocks{display:grid;grid-template-columns:repeat(3,1fr);gap:8px}.clocks{grid-template-columns:repeat(2,1fr)}
figure{margin:0;border:1px solid #dde;border-radius:4px;background:#fafafc}figcaption{text-align:center;padding:2px 6px 6px;color:#445}
svg{display:block;width:100%}.key{display:inline-flex;align-items:center;gap:4px;margin:0 12px 4px 0;font-size:12px}.key svg{width:12px;height:12px}
.shell path{stroke-width:.7;stroke-linejoin:round}
.lo,.lm,.lw,.lu{stroke:#222;stroke-width:.8}.lo{fill:#2f9e75}.lm{fill:#f0d447}.lw{fill:#d3402c}.lu{fill:#fff}
.gap circle{fill:#fff;fill-opacity:.75;stroke:#c0148c;stroke-width:2.5}.gap.hidden{opacity:.35}.gap text{font:700 10px sans-serif;text-anchor:middle;fill:#8d0d66}
.grid line,circle.grid{stroke:#ccd;fill:none}.sector{font:10px sans-serif;text-anchor:middle;fill:#556}
table{border-collapse:collapse;width:100%;margin:4px 0}th,td{text-align:right;padding:3px 8px;border-bottom:1px solid #e4e4ec;font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left}th{color:#445;font-weight:600;font-size:12px}code{font-size:11px;word-break:break-all}
@media print{section{break-inside:avoid}}
`;
