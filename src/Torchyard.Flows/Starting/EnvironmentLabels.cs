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

    /// <summary>What the command line said of GPUs; missing where it said nothing.</summary>
    public const string GivenGpus = "torchyard.gpus.given";

    /// <summary>The recipe's <c>limits.idle-release</c>; empty where it says nothing.</summary>
    public const string IdleRelease = "torchyard.idle-release";

    /// <summary>What the command line said of it; missing where it said nothing.</summary>
    public const string GivenIdleRelease = "torchyard.idle-release.given";
}
