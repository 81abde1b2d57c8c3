namespace Torchyard.CommandLine;

/// <summary>Heading under which <c>torchyard --help</c> lists a verb, in this order.</summary>
internal enum VerbGroup
{
    /// <summary>The main job.</summary>
    Start,

    /// <summary>From recipe to image.</summary>
    Make,

    /// <summary>Containers.</summary>
    Containers,

    /// <summary>Jobs of a cluster.</summary>
    Jobs,

    /// <summary>Images and the store.</summary>
    Store,

    /// <summary>GPUs and this machine.</summary>
    Machine,

    /// <summary>The program itself.</summary>
    Program,
}
