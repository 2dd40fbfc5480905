// What Grafana does between the answer and the picture: transformations, units, thresholds, mappings, overrides.
import {
  FieldConfigOptionsRegistry,
  FieldConfigProperty,
  applyFieldOverrides,
  cacheFieldDisplayNames,
  createTheme,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';

export const theme = createTheme({ colors: { mode: 'dark' } });
const USED = ['mergeTransformer', 'filterFieldsByNameTransformer', 'organizeFieldsTransformer'];

standardTransformersRegistry.setInit(() =>
  USED.map((name) => standardTransformers[name]).map((one) => ({
    id: one.id,
    name: one.name,
    transformation: () => Promise.resolve(one),
  }))
);

// The fields as they are shown, with all that the panel says of them.
export async function dressed(panel, frames) {
  const data = await transformed(panel.transformations ?? [], frames);
  const shown = applyFieldOverrides({
    data,
    fieldConfig: panel.fieldConfig,
    fieldConfigRegistry: registry(panel.fieldConfig),
    replaceVariables: (text) => text,
    theme,
    timeZone: 'utc',
  });
  cacheFieldDisplayNames(shown);
  return shown;
}

function transformed(steps, frames) {
  return new Promise((resolve, reject) =>
    transformDataFrame(steps, frames, { interpolate: (text) => text }).subscribe({ next: resolve, error: reject })
  );
}

function registry({ defaults, overrides }) {
  const made = new FieldConfigOptionsRegistry();
  const own = overrides.flatMap((one) => one.properties.map((property) => property.id));
  const given = Object.keys(defaults.custom ?? {}).map((name) => `custom.${name}`);
  for (const id of new Set([...Object.values(FieldConfigProperty), ...given, ...own])) {
    const isCustom = id.startsWith('custom.');
    made.register({ id, path: isCustom ? id.slice(7) : id, isCustom, name: id, process: (value) => value, shouldApply: () => true });
  }
  return made;
}
