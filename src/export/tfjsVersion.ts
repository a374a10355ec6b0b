// Of TensorFlow.js, which this layer does not load.

/** The version that the files are written for and checked with; a test holds it to the one that is installed. */
export const TFJS_VERSION = '4.22.0';
