namespace Torchyard.Flows.Jobs;

/// <summary>Which lines of a job's log.</summary>
/// <param name="Follow">Go on until the job ends.</param>
/// <param name="Tail">Only so many of the last that are there; null for all.</param>
/// <param name="Rank">Only those of this rank; null for all.</param>
internal sealed record LogWish(bool Follow, int? Tail, string? Rank);
