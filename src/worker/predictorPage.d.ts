// What scripts/predictor.mjs gives: the page of the one-file predictor, bundled.

declare module 'virtual:predictor' {
  const page: import('../export/predictor.ts').PredictorPage;
  export default page;
}
