# llama-cpp-python compiles llama.cpp from source. Nothing here uses llama.cpp's own command-line
# support library, and leaving it out cuts the build to about a third.
set(LLAMA_BUILD_COMMON OFF)
