namespace Torchyard.Images.Timings;

/// <summary>Kinds of work in a build, in the order in which a package goes through them.</summary>
public enum BuildWork
{
    /// <summary>Fetching package files, beside all other work.</summary>
    Fetch,

    /// <summary>Reading the control part of packages.</summary>
    ReadControl,

    /// <summary>Decoding packages and writing their files.</summary>
    Unpack,

    /// <summary>Unpacking the interpreter that compiles.</summary>
    PrepareInterpreter,

    /// <summary>Compiling Python modules.</summary>
    Compile,

    /// <summary>dpkg and the packages' own scripts, in the sandbox.</summary>
    Configure,

    /// <summary>Commands of the recipe, in the sandbox.</summary>
    Run,

    /// <summary>Taking stock of what configuring changed.</summary>
    ListChanges,

    /// <summary>Reading files back, tar, SHA-256 of the tar and of the blob, writing the blob.</summary>
    Pack,

    /// <summary>zstd or gzip.</summary>
    Compress,

    /// <summary>Reading what the store has of packages in finished layers.</summary>
    Load,

    /// <summary>Moving finished layers to their place, writing manifest and SBOM, removing the working directory.</summary>
    Publish,
}
