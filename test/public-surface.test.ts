/** @file The names a user may rely on. A new one shows here, and so in review. */
import { expect, test } from "vitest";
import * as data from "../src/data.ts";
import * as surface from "../src/index.ts";
import * as metaworld from "../src/metaworld.ts";
import * as rollout from "../src/rollout.ts";

test("the public surface", () => expect(Object.keys(surface).sort()).toEqual(names.trim().split(/\s+/)));

test("the public surface of sodp/metaworld", () =>
  expect(Object.keys(metaworld).sort()).toEqual(metaworldNames.trim().split(/\s+/)));

test("the public surface of sodp/data", () =>
  expect(Object.keys(data).sort()).toEqual(dataNames.trim().split(/\s+/)));

test("the public surface of sodp/rollout", () =>
  expect(Object.keys(rollout).sort()).toEqual(rolloutNames.trim().split(/\s+/)));

const names = `
AdamWConfig DenoiserConfig FinetuneConfig Normalizer Normalizers NumpyGenerator NumpyRandomState
PlannerConfig PlannerPolicy PretrainConfig Random Run SacConfig ShapeError UserError abs act actSpecs
actionsOf activations add addNoise affine atTimestep attention attentionMask broadcastTo causalMask
chainLogProb cleanGuess clip compile compileSampler concat conditionOf constant constantLearningRate conv
conv1d convTranspose convTranspose1d cosineLearningRate cpu createSchedule createTrainer denoiserKind
denoiserOf denoisers denoisingLoss denoisingSteps diffusionOf div drawNoise energyDistance erf evaluate
executedActions exp exportPlanner filled findPolicy finetune finetunePresets fitNormalizer flatten float32
gather gelu grad greater groupNorm gru huber imitationLoss imitationSpecs initAttention initConv
initConvTranspose initEmbedding initGru initLinear initLstm initMlp initNorm initPlanner initTransformerBlock
input int32 layerNorm layoutOf leavesOf linear loadPlanner log logSoftmax logSumExp loop lstm mapTree matmul
max maximum mean minimum mish mlp mul multiHeadAttention neg noiseBetween norm normalize pack pad
plannerConfig pretrain pretrainPresets readState readTensors relu removeNoise replayOf reportOn reshape sac
sacPresets sampleChain samplePlans savePlanner scatterAdd showShape sigmoid silu sizeOf slice softmax softplus
split sqrt square stepKl stepLogProb stepMean stopGradient sub sum tanh timestepFeatures trace
transformerBlock transpose twoSampleTest unflatten uniformByFanIn unnormalize unpack valueAndGrad webgpu where
writeState writeTensors
`;

const metaworldNames = `
EnvWorker MetaworldEnv PythonEnv Random UserError act brokenPromises calibrateNoise defineFamily depthImage encodeAnimation encodePng
families findEnv findTask loadEngine lookAt makeEnv officialVectors pictureOf playScripted pointCloud recordEpisode render
scripted startWorkers successRate suites tasks usualView withNoise
`;

const dataNames = `
Dataset DatasetWriter EpisodeList Random UserError actionRules bestOfTask checkDataset checkEpisode
exportFormats findManifest importFormats mergeDatasets ofTasks openExternalDataset partOfCollection quarantine
range readAhead samplerOf taskCards
`;

const rolloutNames = `
CollectConfig EnvPool LatencyMeter Random UserError collect evaluate evaluationSeeds expertPolicy
interquartileMean interquartileMeanOfRuns mean observationsOf playEpisodes probabilityOfImprovement protocols
randomPolicy stepwisePolicy stratifiedBootstrap summarizeTasks trainingSeed wilsonInterval
`;
