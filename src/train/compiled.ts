// The compiled trainer as this worker uses it: one WebGPU device, opened when it is first needed and replaced when it
// fails, what was measured on it, and which networks it covers.

import { UserError } from '../base/errors.ts';
import { failureOf, openGpu, type Gpu } from '../gpu/device.ts';
import { buildGraph } from '../gpu/graph.ts';
import type { Tuning } from '../gpu/tune.ts';
import type { Network } from '../model/spec.ts';

/** Which variants are fastest; kept as long as the worker lives, so that a second training of a shape starts at once. */
export const tuning: Tuning = {};

let opened: Gpu | null = null;

/** The device in use, or a new one where there is none or it has failed. @throws UserError where there is no adapter */
export async function compiledGpu(): Promise<Gpu> {
  if (opened && !failureOf(opened)) return opened;
  opened?.device.destroy();
  opened = null;
  opened = await openGpu();
  failureOf(opened); // from now on its failures are seen
  return opened;
}

/** Whether the device was opened and has failed since. */
export function compiledFailed(): boolean {
  return opened !== null && failureOf(opened) !== null;
}

/** What keeps a network from being compiled, as a clause such as `layer 1_lstm is recurrent, …`; null where nothing does. */
export function compilerGap(network: Network): string | null {
  try {
    buildGraph(network, 'x');
    return null;
  } catch (error) {
    if (error instanceof UserError) return error.message.replace(/^\w+ (compiled training: )?|\.$/g, '');
    throw error;
  }
}
