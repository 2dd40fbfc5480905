// `draw` fills the page with a board; it resolves to the troubles that it had, and then the page is ready.
import { ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { framesOf } from './ask';
import { Board } from './board';
import { dressed, theme } from './fields';
import { marksOf } from './marks';
import './smaller';
import '@fontsource/inter/latin-400.css';
import '@fontsource/inter/latin-500.css';
import { builtIn, standing } from './words';

const SETTLE = 3000; // milliseconds until the charts have taken their size

window.draw = async ({ board, source, range, chosen, span, caption, open }) => {
  const values = { ...standing(board.templating.list, chosen), ...builtIn(range) };
  const picked = Object.fromEntries(board.templating.list.map(({ name }) => [name, chosen[name] ?? (name === 'datasource' ? 'Prometheus' : 'All')]));
  const panels = laid(board.panels, open);
  const world = { source, range, values, picked, span, caption, panels, marks: await marksOf(board, { source, range, values }) };
  const troubles = [];
  const answers = {};
  await Promise.all(
    everyPanel(board.panels).map(async (panel) => {
      try {
        answers[panel.id] = panel.type === 'text' ? [] : await dressed(panel, await framesOf(panel, world));
      } catch (trouble) {
        troubles.push(`${board.uid}, ${panel.title}: ${trouble.message}`);
        answers[panel.id] = [];
      }
    })
  );
  const empty = everyPanel(board.panels).filter((panel) => panel.type !== 'text' && !answers[panel.id].some((one) => one.length));
  await Promise.all([400, 500].map((weight) => document.fonts.load(`${weight} 14px Inter`)));
  createRoot(document.getElementById('root')).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Board board={board} answers={answers} world={world} width={window.innerWidth} />
    </ThemeContext.Provider>
  );
  await new Promise((resolve) => setTimeout(resolve, SETTLE));
  return { troubles, empty: empty.map((panel) => panel.title) };
};

const everyPanel = (panels) => panels.flatMap((one) => (one.type === 'row' ? one.panels : [one]));

// Rows that are folded are opened up to `open` of them; what is below moves down.
function laid(panels, open) {
  let [down, left] = [0, open];
  return panels.flatMap((panel) => {
    const moved = { ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + down } };
    if (panel.type !== 'row' || !panel.panels.length) {
      return [moved];
    }
    if (left-- <= 0) {
      return [{ ...moved, folded: true }];
    }
    const inside = panel.panels.map((one) => ({ ...one, gridPos: { ...one.gridPos, y: one.gridPos.y + down } }));
    down += Math.max(...panel.panels.map(({ gridPos }) => gridPos.y + gridPos.h)) - panel.gridPos.y - 1;
    return [moved, ...inside];
  });
}
