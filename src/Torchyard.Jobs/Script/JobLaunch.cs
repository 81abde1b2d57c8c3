namespace Torchyard.Jobs.Script;

/// <summary>How the program of a job becomes ranks.</summary>
public enum JobLaunch
{
    /// <summary>A program for each rank, with the variables that PyTorch's own start knows.</summary>
    Ranks,

    /// <summary>torchrun starts the program, once a node, and meets over c10d.</summary>
    Torchrun,

    /// <summary>A program for each node, which starts its ranks itself: torchrun, accelerate, deepspeed.</summary>
    Node,
}
