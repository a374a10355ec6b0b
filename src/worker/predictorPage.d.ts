// What scripts/predictor.mjs gives: the page of the one-file predictor, bundled.

declare module 'virtual:predictor' {
  import type { PredictorPage } from '../export/predictor.ts';
  const page: PredictorPage;
  export default page;
}
