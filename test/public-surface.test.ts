/** @file The names a user may rely on. A new one shows here, and so in review. */
import { expect, test } from "vitest";
import * as surface from "../src/index.ts";
import * as metaworld from "../src/metaworld.ts";

test("the public surface", () => expect(Object.keys(surface).sort()).toEqual(names.trim().split(/\s+/)));

test("the public surface of sodp/metaworld", () =>
  expect(Object.keys(metaworld).sort()).toEqual(metaworldNames.trim().split(/\s+/)));

const names = `
AdamWConfig DeviceArray Normaliser Normalisers NumpyGenerator NumpyRandomState PlannerConfig Random
ShapeError UserError abs act actSpecs actionsOf activations add addNoise affine atLevel attention
attentionMask broadcastTo causalMask chainLogProb cleanGuess clip compile compileSampler concat conditionOf
constant constantLearningRate conv conv1d convTranspose convTranspose1d cosineLearningRate cpu
createSchedule createTrainer denoiserOf denoisingLoss denoisingSteps diffusionOf div drawNoise
energyDistance erf evaluate executedActions exp exportPlanner filled fitNormaliser flatten float32 gather
gelu grad greater groupNorm gru huber imitationLoss imitationSpecs initAttention initConv initConvTranspose
initEmbedding initGru initLinear initLstm initMlp initNorm initPlanner initResidualMlp initTransformer
initTransformerBlock initUNet input int32 layerNorm layoutOf leavesOf levelFeatures linear loadPlanner log
logSoftmax logSumExp loop lstm mapTree matmul max maximum mean minimum mish mlp mul multiHeadAttention neg
noiseBetween norm normalise pack pad plannerConfig readTensors relu removeNoise reportOn reshape residualMlp
sampleChain samplePlans savePlanner scatterAdd showShape sigmoid silu sizeOf slice softmax softplus split
sqrt square stepKl stepLogProb stepMean stopGradient sub sum tanh trace transformer transformerBlock
transpose twoSampleTest unet unflatten uniformByFanIn unnormalise unpack valueAndGrad webgpu where
writeTensors
`;

const metaworldNames = `
MetaworldEnv PythonEnv Random UserError VectorEnv act calibrateNoise depthImage encodeAnimation encodePng
findTask loadEngine lookAt makeEnv officialVectors playExpert pointCloud recordEpisode render renderTask
successRate suites tasks usualView withNoise
`;
