// A Vitest reporter: writes to the file that TROUBLE_FILE names one paragraph for each test that failed, or that failed
// first and passed when tried again, so that the end of a long run can say again what is lost a thousand lines above.

import { appendFileSync } from 'node:fs';

const LINES = 12; // of an error's message

export default class TroubleReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const paragraphs = unhandledErrors.map((error) => describe('unhandled error', [error]));
    for (const module of modules) {
      const file = module.relativeModuleId;
      if (module.errors().length > 0) paragraphs.push(describe(`failed: ${file}`, module.errors()));
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'failed') paragraphs.push(describe(`failed: ${file} > ${test.fullName}`, errors));
        else if (test.diagnostic()?.flaky)
          paragraphs.push(describe(`passed when tried again: ${file} > ${test.fullName}`, errors ?? []));
      }
    }
    if (paragraphs.length > 0) appendFileSync(process.env.TROUBLE_FILE, `${paragraphs.join('\n')}\n`);
  }
}

function describe(title, errors) {
  const messages = errors.flatMap(({ message = 'no message', stacks = [] }) => [
    ...message.split('\n').slice(0, LINES),
    ...stacks.slice(0, 1).map(({ file, line }) => `at ${file}:${line}`),
  ]);
  return [title, ...messages.map((line) => `    ${line}`)].join('\n');
}
