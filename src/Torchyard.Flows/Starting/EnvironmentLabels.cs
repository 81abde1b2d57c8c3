namespace Torchyard.Flows.Starting;

/// <summary>
/// Labels of an environment's container that say what it was started from; with them a later <c>up</c> sees what has changed since.
/// </summary>
internal static class EnvironmentLabels
{
    /// <summary>Digest of the recipe.</summary>
    public const string Recipe = "torchyard.recipe";

    /// <summary>Digest of the lock.</summary>
    public const string Lock = "torchyard.lock";

    /// <summary>Names of the variables that the recipe has set or passed on, with blanks between.</summary>
    public const string Variables = "torchyard.environment";

    /// <summary>Names of the variables that the command line has given.</summary>
    public const string GivenVariables = "torchyard.environment.given";

    /// <summary>The recipe's <c>limits.gpus</c>; empty where it says nothing of them.</summary>
    public const string Gpus = "torchyard.gpus";
}
