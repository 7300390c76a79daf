# What makes memory errors harder to use, for every target: a plain build has it, and so has a
# distribution's. The developer's presets turn it off, since sanitizers find more without it.
include(CheckCCompilerFlag)
include(CheckPIESupported)

option(GHSECRETFS_HARDENING "Build with the compiler's and the linker's hardening" ON)
if(NOT GHSECRETFS_HARDENING)
    return()
endif()

# add_flag_if_known(<flag> <variable>): clang 14 knows the first one only with a second.
function(add_flag_if_known flag variable)
    check_c_compiler_flag("-Werror ${flag}" ${variable})
    if(${variable})
        add_compile_options(${flag})
    endif()
endfunction()

# A position-independent executable, so that its addresses differ from run to run.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
check_pie_supported(LANGUAGES C)

add_compile_options(-fstack-protector-strong)
add_flag_if_known(-fstack-clash-protection HAVE_STACK_CLASH_PROTECTION)
add_flag_if_known(-ftrivial-auto-var-init=zero HAVE_TRIVIAL_AUTO_VAR_INIT)
# The C library checks sizes only where the compiler optimizes.
add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
    $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
# Every symbol is bound at the start, and the table of them is then read-only.
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
