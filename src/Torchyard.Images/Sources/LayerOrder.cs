namespace Torchyard.Images.Sources;

/// <summary>The places of layers in an image, bottom first. Within one place the order of the sources counts.</summary>
internal enum LayerOrder
{
    /// <summary>An image that everything else is put upon.</summary>
    Base,

    /// <summary>The system that everything else is installed on.</summary>
    System,

    /// <summary>What is installed on the system.</summary>
    Packages,

    /// <summary>What nothing else is made from.</summary>
    Additions,

    /// <summary>What the recipe itself adds: files of the project, and then its commands, which see all that is below.</summary>
    Steps,

    /// <summary>Torchyard's own files, above all.</summary>
    Environment,
}
