// Making and changing experiments.
import type { Experiment } from "@/model/trace";
import { change, changeFor } from "./client";
import type { components } from "./generated/schema";
import { readExperiment } from "./read";

type Schemas = components["schemas"];

export const createExperiment = async (name: string, description: string): Promise<Experiment> =>
  readExperiment(await changeFor<Schemas["Experiment"]>("POST", "/api/experiments", { name, description }));

export type ExperimentChange = Partial<Pick<Schemas["ExperimentChange"], "name" | "description" | "is_archived" | "retention">>;

export const editExperiment = (id: string, wanted: ExperimentChange): Promise<void> =>
  change("PATCH", `/api/experiments/${encodeURIComponent(id)}`, wanted);
