// A model as one HTML file that needs nothing else: its preparation, its network and what it was measured against as
// data, and the page that computes with them, which comes from the build. Its content security policy lets in that one
// script and that one style and lets nothing out.

import { UserError } from '../base/errors.ts';
import type { PredictField } from '../data/preparation.ts';
import type { ReferenceProfile } from '../monitor/reference.ts';
import type { ExportInput } from './exportInput.ts';
import { limitLines } from './modelCard.ts';
import { contentElement, type PredictorContent } from './predictorContent.ts';

/** The page of every predictor, as the build made it. */
export interface PredictorPage {
  /** classic scripts and styles as text, without `</script`, `</style` and carriage returns */
  script: string;
  style: string;
  /** `sha256-…` of their text */
  scriptHash: string;
  styleHash: string;
  /** what of others' is in the script, with the licences under which it may be passed on */
  licenses: { name: string; version: string; license: string; text: string }[];
}

export interface PredictorInput extends ExportInput {
  fields: PredictField[];
  /** SHA-256 of the weights, hex */
  fingerprint: string;
  reference: ReferenceProfile | null;
}

/** Weights above this make a file that a browser opens slowly or not at all. */
const MOST_PARAMETERS = 25_000_000;

/** @returns the bytes of the file; the same model gives the same bytes @throws UserError where it would be too large */
export function writePredictor(model: PredictorInput, page: PredictorPage): Uint8Array {
  const { parameters } = model.card;
  if (parameters > MOST_PARAMETERS) {
    throw new UserError(
      'unsupported',
      `predictor file: the model has ${parameters} weights, and ${MOST_PARAMETERS} are the most that a page opens well. Export it as ONNX, or train a smaller one`,
    );
  }
  const title = `${model.name}, version ${model.card.number}`;
  const licenses = page.licenses.map(({ name, version, license, text }) => `${name} ${version}, ${license}\n\n${text}`);
  return new TextEncoder().encode(`<!doctype html>
<html lang="en" spellcheck="false">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(page)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Lathe">
<title>${escapeHtml(title)}</title>
<style>${page.style}</style>
</head>
<body>
<div id="app"><noscript>This page computes with JavaScript, which is switched off here.</noscript></div>
<template id="licenses">${escapeHtml(licenses.join('\n\n\n'))}</template>
${contentElement(contentOfModel(model))}
<script>${page.script}</script>
</body>
</html>
`);
}

function policyOf({ scriptHash, styleHash }: PredictorPage): string {
  return [
    "default-src 'none'",
    `script-src '${scriptHash}'`,
    `style-src '${styleHash}'`,
    'img-src blob: data:',
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function contentOfModel(model: PredictorInput): PredictorContent {
  const { name, labels, fields, network, weights, preparation, reference, fingerprint, card } = model;
  const { number, createdAt, note, task, target, parameters, metrics, dummy, data } = card;
  return {
    format: 'lathe-predictor',
    version: 1,
    model: { id: `${name}@${number}`, name, number, createdAt, note, task, target, parameters, fingerprint },
    data: { name: data.name, rows: data.rows },
    ...{ metrics, dummy, limits: limitLines(model), labels, fields, network, weights, preparation },
    reference: reference && withoutRows(reference),
  };
}

/** What compares column by column: values of each column in order, counts, calibration. Rows, which `matrix` has, stay here. */
function withoutRows(reference: ReferenceProfile): ReferenceProfile {
  return { ...reference, matrix: reference.columns.map(() => new Float64Array(0)), components: null };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
