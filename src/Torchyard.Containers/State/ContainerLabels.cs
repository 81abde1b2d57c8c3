namespace Torchyard.Containers.State;

/// <summary>Labels that Torchyard itself gives to containers.</summary>
public static class ContainerLabels
{
    /// <summary>Absolute path of the project directory: one environment a project, found again by <c>up</c> and <c>down</c>.</summary>
    public const string Project = "torchyard.project";
}
