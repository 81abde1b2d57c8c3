using Torchyard.Jobs.Logs;
using Torchyard.Jobs.Slurm;

namespace Torchyard.Flows.Jobs;

/// <summary>A job with what its log tells.</summary>
/// <param name="Job">What Slurm says.</param>
/// <param name="Log">What its log says; null where there is none yet.</param>
/// <param name="Starts">Each start with its reason.</param>
internal sealed record JobView(KnownJob Job, JobLog? Log, IReadOnlyList<JobStart> Starts);
