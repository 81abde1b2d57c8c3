namespace Torchyard.Jobs.Errors;

/// <summary>Codes of this project's failures that a caller answers in another way than by showing them.</summary>
public static class JobCodes
{
    /// <summary>A job that Slurm does not know.</summary>
    public const string NoJob = "TY7006";
}
