namespace Torchyard.Recipes.Wishes;

/// <summary>What of the machine a recipe can reach for.</summary>
public enum WishKind
{
    /// <summary>A directory outside the project, mounted into the environment.</summary>
    Mount,

    /// <summary>A port that other machines reach.</summary>
    Port,

    /// <summary>A file outside the project, read.</summary>
    File,

    /// <summary>A directory outside the project whose files are read, such as one with wheels, or a Git repository.</summary>
    Directory,

    /// <summary>OpenPGP keys that may sign archives.</summary>
    Keyring,

    /// <summary>A mirror of Debian's archives that is neither Debian's nor the machine's.</summary>
    Archive,

    /// <summary>An index of Python packages that is neither public nor the machine's.</summary>
    Index,

    /// <summary>A mirror of NVIDIA's redistributable archives that is neither NVIDIA's nor the machine's.</summary>
    Redist,

    /// <summary>A host that single files are fetched from.</summary>
    Download,

    /// <summary>A Git repository, cloned as the user.</summary>
    Repository,

    /// <summary>A cache that the user's environments share.</summary>
    Cache,

    /// <summary>An environment variable, sent to a host as a credential.</summary>
    Variable,

    /// <summary>An image of the user's store that is built on.</summary>
    Image,

    /// <summary>Commands of the recipe's own while its image is built, in the sandbox of packages.</summary>
    Commands,
}
