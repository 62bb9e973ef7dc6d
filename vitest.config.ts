import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import type { Reporter, TestModule } from "vitest/node";

/** Ends the output with the one line that scripts read. What never became a test (a file that throws) has failed. */
const count: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === "passed").length;
    const failed = tests.filter((test) => test.result().state === "failed").length;
    const suites = (module: TestModule) => [module, ...module.children.allSuites()];
    const broken = modules.flatMap(suites).filter((suite) => suite.errors().length > 0).length;
    console.log(`${passed} passed, ${failed + broken + unhandledErrors.length} failed`);
  },
};

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default", count],
    maxWorkers: availableParallelism(), // by default one core is left idle, of two as well
    testTimeout: 120_000, // ends what hangs; what only takes long is no failure, however busy the machine
    hookTimeout: 120_000,
  },
});
